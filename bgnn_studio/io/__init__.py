"""Files: the GGUF writer, point-cloud readers, labelled data sets."""
