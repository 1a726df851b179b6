"""Pictures as text: the state diagram of a programme, and the plan of a road map."""

from lifecycle.pictures.diagram import dot, mermaid, svg
from lifecycle.pictures.gantt import gantt_svg
from lifecycle.pictures.rendering import RendererFailed, RendererMissing

__all__ = ["RendererFailed", "RendererMissing", "dot", "gantt_svg", "mermaid", "svg"]
