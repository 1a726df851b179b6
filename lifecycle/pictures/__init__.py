"""Pictures as text: the state diagram of a programme, and the plan of a road map."""
