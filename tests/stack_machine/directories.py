"""The instructions of the directory layer: they work with a list of directories and subspaces, of which one is current."""

import fdb

# Instructions that add to the list of directories, nothing if they fail.
MAKERS = {"CREATE_SUBSPACE", "CREATE_LAYER", "CREATE_OR_OPEN", "CREATE", "OPEN", "MOVE", "MOVE_TO", "OPEN_SUBSPACE"}


class Directories:
    """The list of directories and subspaces, of which one is current."""

    def __init__(self, machine):
        self.machine = machine
        self.list = [fdb.directory_impl.DirectoryLayer()]
        self.current = 0
        self.fallback = 0

    def run(self, name):
        reader = self.machine.transaction
        if name.endswith("_DATABASE"):
            name, reader = name[: -len("_DATABASE")], self.machine.database
        arguments = getattr(self, "take_" + name.lower(), lambda: ())()
        try:
            getattr(self, "do_" + name.lower())(reader, *arguments)
        except Exception:
            # Whatever a binding raises; what it says is its own.
            self.machine.push(b"DIRECTORY_ERROR")
            if name in MAKERS:
                self.list.append(None)

    @property
    def here(self):
        return self.list[self.current]

    def path(self):
        return self.machine.pop_tuple()

    def path_if_any(self):
        return tuple(self.path() for _ in range(self.machine.pop()))

    def pop(self):
        return self.machine.pop()

    def take_create_subspace(self):
        return self.path(), self.pop()

    def do_create_subspace(self, _, elements, prefix):
        self.list.append(fdb.Subspace(elements, prefix))

    def take_create_layer(self):
        return self.machine.pop_many(3)

    def do_create_layer(self, _, nodes, contents, manual):
        nodes, contents = self.list[nodes], self.list[contents]
        missing = nodes is None or contents is None
        self.list.append(None if missing else fdb.DirectoryLayer(nodes, contents, manual == 1))

    def take_create_or_open(self):
        return self.path(), self.pop()

    def do_create_or_open(self, reader, path, layer):
        self.list.append(self.here.create_or_open(reader, path, layer))

    def take_create(self):
        return self.path(), self.pop(), self.pop()

    def do_create(self, reader, path, layer, prefix):
        self.list.append(self.here.create(reader, path, layer, prefix))

    take_open = take_create_or_open

    def do_open(self, reader, path, layer):
        self.list.append(self.here.open(reader, path, layer))

    def take_change(self):
        return (self.pop(),)

    def do_change(self, _, index):
        there = index < len(self.list) and self.list[index] is not None
        self.current = index if there else self.fallback

    take_set_error_index = take_change

    def do_set_error_index(self, _, index):
        self.fallback = index

    def take_move(self):
        return self.path(), self.path()

    def do_move(self, reader, old, new):
        self.list.append(self.here.move(reader, old, new))

    def take_move_to(self):
        return (self.path(),)

    def do_move_to(self, reader, new):
        self.list.append(self.here.move_to(reader, new))

    take_remove = take_remove_if_exists = take_list = take_exists = path_if_any

    def done(self, reader):
        if reader is self.machine.source:
            self.machine.push(b"RESULT_NOT_PRESENT")

    def do_remove(self, reader, *path):
        self.here.remove(reader, *path)
        self.done(reader)

    def do_remove_if_exists(self, reader, *path):
        self.here.remove_if_exists(reader, *path)
        self.done(reader)

    def do_list(self, reader, *path):
        self.machine.push(fdb.tuple.pack(tuple(self.here.list(reader, *path))))

    def do_exists(self, reader, *path):
        self.machine.push(int(bool(self.here.exists(reader, *path))))

    def take_pack_key(self):
        return (self.path(),)

    def do_pack_key(self, _, elements):
        self.machine.push(self.here.pack(elements))

    take_unpack_key = take_contains = take_log_subspace = take_log_directory = take_strip_prefix = take_change
    take_range = take_open_subspace = take_pack_key

    def do_unpack_key(self, _, key):
        for element in self.here.unpack(key):
            self.machine.push(element)

    def do_range(self, _, elements):
        found = self.here.range(elements)
        self.machine.push(found.start)
        self.machine.push(found.stop)

    def do_contains(self, _, key):
        self.machine.push(int(self.here.contains(key)))

    def do_open_subspace(self, _, elements):
        self.list.append(self.here.subspace(elements))

    def do_log_subspace(self, reader, prefix):
        reader[prefix + fdb.tuple.pack((self.current,))] = self.here.key()

    def do_log_directory(self, reader, prefix):
        here = self.here
        exists = here.exists(reader)
        children = tuple(here.list(reader)) if exists else ()
        log = fdb.Subspace((self.current,), prefix)
        reader[log["path"]] = fdb.tuple.pack(here.get_path())
        reader[log["layer"]] = fdb.tuple.pack((here.get_layer(),))
        reader[log["exists"]] = fdb.tuple.pack((int(bool(exists)),))
        reader[log["children"]] = fdb.tuple.pack(children)

    def do_strip_prefix(self, _, key):
        own = self.here.key()
        if not key.startswith(own):
            raise ValueError("a key of another subspace")
        self.machine.push(key[len(own) :])
