"""Plans as files that people and pipelines write, review and keep beside their code.

`model` is the shape of a file, `text` reads and writes YAML, `content` is the bridge to the row.
"""
