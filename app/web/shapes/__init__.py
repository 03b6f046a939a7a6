"""What this API answers, as typed dictionaries: mypy checks what is built, nothing runs twice.

A function beside each shape makes it of a core model.
"""
