"""Files of many transitions, a line each: .jsonl, .csv and .xlsx.

Nothing is imported here. Start at ``lifecycle.workflows.batches.reading``.
"""
