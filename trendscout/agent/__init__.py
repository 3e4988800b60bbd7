"""The interface for agents: tools and resources of the Model Context Protocol (extra `mcp`)."""
