"""The model: places, sources, nodes, values, subjects, the stack."""
