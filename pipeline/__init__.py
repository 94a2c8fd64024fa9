"""infraclaims: structured, labelled, traceable claims from news about AI infrastructure."""
