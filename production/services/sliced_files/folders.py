"""Looks for sliced files in a folder, and takes each once it has stood still. Nothing is moved."""

from pathlib import Path

from production.services.sliced_files.bringing import SUFFIXES


class Folder:
    """A folder that is looked into again and again, without the folders in it."""

    def __init__(self, path):
        self.path = Path(path)
        self._seen, self._done = {}, {}  # {path: (bytes, nanoseconds)}
        self._reported = {}  # {path: ((bytes, nanoseconds), problem)}

    def look(self):
        """The paths of files that are as they were when they were looked at before, and that are
        not done, by name. Raises OSError where the folder can't be read."""
        found = {}
        for path in sorted(self.path.iterdir()):
            if _is_sliced(path) and (state := state_of(path)):
                found[path] = state
        still = [path for path, state in found.items() if self._seen.get(path) == state]
        self._seen = found
        self._done = {path: state for path, state in self._done.items() if path in found}
        self._reported = {path: each for path, each in self._reported.items() if path in found}
        return [path for path in still if self._done.get(path) != found[path]]

    def waiting(self):
        """The names of files that were seen at the last look, are not done, and have no problem
        that was reported."""
        return [
            path.name
            for path, state in self._seen.items()
            if state not in (self._done.get(path), self._reported.get(path, (None,))[0])
        ]

    def is_still(self, path):
        """Whether a file is as it was at the last look."""
        return state_of(path) == self._seen.get(path)

    def is_news(self, path, problem):
        """Whether the problem was not reported yet of the file as it is; from now on it was."""
        news = self._seen[path], problem
        was, self._reported[path] = self._reported.get(path), news
        return was != news

    def done(self, path):
        """Leave a file alone until it changes."""
        self._done[path] = self._seen[path]


def state_of(path):
    """``(bytes, nanoseconds)`` of a file; None where there is no such file any more."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _is_sliced(path):
    is_hidden = path.name.startswith(".")
    return path.suffix.lower() in SUFFIXES and not is_hidden and path.is_file()
