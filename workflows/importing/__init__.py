"""The way in for a road map we have never seen: from the office's file to a draft and a report.

Nothing is imported here: reading Word, Excel and PDF needs libraries of the extras ``office`` and
``pdf``. Start at ``lifecycle.workflows.importing.roadmap``.
"""
