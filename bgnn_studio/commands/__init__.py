"""The subcommands, one file each: `add_arguments` for its options, `run` for what it does; imported only when asked for."""

COMMANDS = {
    "open": "the window (the default)",
    "infer": "classify a cloud; latency per layer, memory, trace",
    "render": "draw a cloud and a layer's graph to a PNG file; needs no display",
    "compare": "compare two to four models on one cloud, in every figure; needs no display",
    "convert": "convert a published checkpoint to a model file",
    "evaluate": "measure accuracy on a labelled set",
    "train": "train the networks of a recipe, from data to model files",
    "bench": "measure latency, against torch if asked",
    "profile": "measure models on boards over SSH, or on this machine as one",
    "history": "stored runs: list, show, compare, export, tag, delete",
    "doctor": "say what this installation has and lacks",
}
