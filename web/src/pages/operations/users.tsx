// Who may look: read only here; users are added and removed on the command line.
import type { User } from "../../api/operations";
import { instant } from "../../lib/format";
import { useResource } from "../../lib/resource";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";

const never = <span class="quiet">never</span>;

const columns: Column<User>[] = [
  { key: "name", label: "Name", width: 14, cell: (user) => user.name },
  { key: "role", label: "Role", width: 8, cell: (user) => user.role },
  {
    key: "customer",
    label: "Customer",
    width: 7,
    narrow: "hide",
    cell: (user) =>
      user.customer_id === null ? (
        <span class="quiet">–</span>
      ) : (
        <a href={`/customers/${user.customer_id}`}>{user.customer_id}</a>
      ),
  },
  {
    key: "password",
    label: "Signs in with",
    width: 10,
    narrow: "hide",
    cell: (user) => (user.has_password ? "password" : <span class="quiet">a link, no password yet</span>),
  },
  {
    key: "created",
    label: "Since",
    narrow: "hide",
    width: 14,
    cell: (user) => (user.created_at ? instant(user.created_at) : "–"),
  },
  {
    key: "seen",
    label: "Last signed in",
    width: 14,
    cell: (user) => (user.signed_in_at ? instant(user.signed_in_at) : never),
  },
];

export function Users() {
  const users = useResource<{ items: User[] }>("/users");
  return (
    <section class="list" aria-label="Users">
      <Loaded
        of={users}
        what="the users"
        skeleton={<Table caption="Users" columns={columns} rows={undefined} rowKey={(user) => user.name} />}
      >
        {({ items }) =>
          items.length > 0 ? (
            <>
              <Table caption="Users" columns={columns} rows={items} rowKey={(user) => user.name} />
              <p class="small quiet">
                Users are added and removed on the command line:{" "}
                <code class="command">millrace user add NAME --role analyst --link</code>
              </p>
            </>
          ) : (
            <Empty title="No users yet" command="millrace user add NAME --role operator --link" />
          )
        }
      </Loaded>
    </section>
  );
}
