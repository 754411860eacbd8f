#include "db/repositories/unknown_machine_repository.h"

#include "db/engine/table.h"

namespace bm::db {
namespace {

using model::UnknownMachine;

const Table<UnknownMachine>& unknownMachines()
{
    static const Table<UnknownMachine> table("unknown_machines",
                                             {
                                                 column<&UnknownMachine::mac>("address"),
                                                 column<&UnknownMachine::firstSeenAt>("first_seen_at"),
                                                 column<&UnknownMachine::lastSeenAt>("last_seen_at"),
                                                 column<&UnknownMachine::requests>("requests"),
                                                 column<&UnknownMachine::vendorClass>("vendor_class"),
                                                 column<&UnknownMachine::lastAddress>("last_address"),
                                             });
    return table;
}

constexpr std::string_view kAdd = R"(
insert into unknown_machines (address, first_seen_at, last_seen_at, requests, vendor_class, last_address)
values ($1, $2, $3, $4, $5, $6)
on conflict (address) do update set last_seen_at = $3, requests = unknown_machines.requests + $4,
vendor_class = case when $5 <> '' then $5 else unknown_machines.vendor_class end,
last_address = case when $6 <> '' then $6 else unknown_machines.last_address end)";

} // namespace

void UnknownMachineRepository::add(Transaction& tx, const UnknownMachine& seen) const
{
    tx.execute(kAdd, {seen.mac.text, store(seen.firstSeenAt), store(seen.lastSeenAt), seen.requests,
                      seen.vendorClass, seen.lastAddress});
}

void UnknownMachineRepository::trim(Transaction& tx, std::size_t most) const
{
    tx.execute("delete from unknown_machines where address in (select address from ports)", {});
    tx.execute("delete from unknown_machines where address not in "
               "(select address from unknown_machines order by last_seen_at desc, address limit $1)",
               {store(most)});
}

std::vector<UnknownMachine> UnknownMachineRepository::list(Transaction& tx, std::size_t limit) const
{
    return unknownMachines().find(tx,
                                  "where address not in (select address from ports) "
                                  "order by last_seen_at desc, address limit $1",
                                  {store(limit)});
}

} // namespace bm::db
