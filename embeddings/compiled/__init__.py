"""The default model as a graph of our own on OpenVINO: built from its weights, quantised, validated and cached."""
