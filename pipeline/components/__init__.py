"""spaCy components: one module a component, each a pure finder with a thin spaCy wrapper."""
