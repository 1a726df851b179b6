"""The demonstration: the engine's main job on five real road maps, in seconds.

It uses the public library as any host would, on a real database and with real evidence files,
and leaves the database behind for the command line.
"""

from lifecycle.demo.show import FEWEST, MOST, run

__all__ = ["FEWEST", "MOST", "run"]
