"""Pure arithmetic on frames: the catalogue of measures, totals, members, cells, checks.

No Flask, no SQL, no workbook, no clock of its own: what it needs comes as arguments. Nothing else in the house adds
up a figure.
"""
