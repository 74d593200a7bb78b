"""The instructions of tenants."""

import fdb
from fdb import tenant_management


class Tenants:
    """The tenant in use, if any: what transactions are made of."""

    tenant = None

    @property
    def source(self):
        return self.database if self.tenant is None else self.tenant

    def do_tenant_create(self):
        tenant_management.create_tenant(self.database, self.pop())
        self.push(b"RESULT_NOT_PRESENT")

    def do_tenant_delete(self):
        tenant_management.delete_tenant(self.database, self.pop())
        self.push(b"RESULT_NOT_PRESENT")

    def do_tenant_set_active(self):
        self.tenant = self.database.open_tenant(self.pop())

    def do_tenant_clear_active(self):
        self.tenant = None

    def do_tenant_list(self):
        found = tenant_management.list_tenants(self.database, *self.pop_many(3))
        self.push(fdb.tuple.pack(tuple(row.key for row in found)))

    def do_tenant_get_id(self):
        if self.tenant is None:
            self.push(b"NO_ACTIVE_TENANT")
        else:
            self.tenant.get_id().wait()
            self.push(b"GOT_TENANT_ID")
