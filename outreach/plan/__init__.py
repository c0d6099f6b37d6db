"""The room where an operation is prepared: its window, the services that take part, their teams, people and places.

Views guard, load or 404, validate, call one command and redirect. Commands write, take an `actor`, and record the audit
entry in the same transaction. Rules are plain functions on plain values. Knows nothing of the rooms after it: it never
asks what was logged in the field.
"""
