"""What the programme and its road maps say: files, their checks, and the compiled definition.

Nothing is imported here: reading definitions needs pydantic and ruamel.yaml, and a process that
only asks which road maps there are needs neither. Start at ``lifecycle.workflows.catalogue``.
"""
