"""The room where figures leave: the operation page, the summary workbook, the command-line figures.

Never adds anything up: every figure comes from `rollup`, with its coverage, bound and basis. Only `workbook.py` knows
openpyxl. May read every room; none may read it.
"""
