"""One step of the way each: what `pipeline` calls. No step calls up."""
