"""What a run leaves in the database, and how the next one gets rid of it."""

import fdb
from fdb import tenant_management

STAMP_DEPTH = 4
KEY_OUTSIDE_LEGAL_RANGE = 2004

# Where tenants keep what they have: behind their numbers, which begin with a zero.
TENANTS_END = b"\x01"


def read(database, stamps):
    """All rows of the database, those of tenants behind their names, with the stamps of commits masked."""
    everything = [(masked(key, stamps), masked(value, stamps)) for key, value in rows(database) if key >= TENANTS_END]
    for name in tenants(database):
        place = b"tenant " + name
        found = rows(database.open_tenant(name))
        everything += [(place + b" " + masked(key, stamps), masked(value, stamps)) for key, value in found]
        everything.append((place, b""))
    return [[key.hex(), value.hex()] for key, value in everything]


def rows(source):
    found = source.create_transaction().get_range(b"", b"\xff", streaming_mode=fdb.StreamingMode.want_all)
    return [(row.key, row.value) for row in found]


def tenants(database):
    try:
        return [row.key for row in tenant_management.list_tenants(database, b"", b"\xff", 0)]
    except fdb.FDBError as error:
        # Before version 630 of the API clients see no special keys, and so make no tenants.
        if error.code != KEY_OUTSIDE_LEGAL_RANGE:
            raise
        return []


def remove(database):
    """Removes everything, tenants too."""
    database.clear_range(b"", b"\xff")
    for name in tenants(database):
        tenant_management.delete_tenant(database, name)


def masked(content, stamps):
    for number, stamp in enumerate(stamps):
        for _ in range(STAMP_DEPTH):
            content = content.replace(stamp, b"<stamp %d>" % number)
            stamp = stamp.replace(b"\x00", b"\x00\xff")
    return content
