"""How things are computed, never what: arithmetic along the actions, memory layout, devices, blocks."""

__all__: list[str] = []
