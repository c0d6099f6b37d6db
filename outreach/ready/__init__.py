"""Ready: what must stand before the window opens.

Briefings and their attachments, printed sheets, information kits, sessions and certificates, the readiness board,
opening the operation, and rehearsals. Teams and shifts are the plan's; what was logged is the field's.
"""
