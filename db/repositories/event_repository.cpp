#include "db/engine/table.h"
#include "db/repositories/repositories.h"

namespace bm::db {
namespace {

using model::NodeEvent;

const Table<NodeEvent>& events()
{
    static const Table<NodeEvent> table("events", {
                                                      column<&NodeEvent::sequence>("sequence"),
                                                      column<&NodeEvent::node>("node_uuid"),
                                                      column<&NodeEvent::at>("at"),
                                                      column<&NodeEvent::kind>("kind"),
                                                      column<&NodeEvent::message>("message"),
                                                      column<&NodeEvent::details>("details"),
                                                      column<&NodeEvent::operation>("operation_uuid"),
                                                      column<&NodeEvent::rollout>("rollout_uuid"),
                                                  });
    return table;
}

} // namespace

std::int64_t EventRepository::append(Transaction& tx, const NodeEvent& event) const
{
    // An event of a node during a rollout belongs to that rollout, whichever component records it.
    const auto rows =
        tx.query("insert into events (node_uuid, at, kind, message, details, operation_uuid, rollout_uuid) "
                 "values ($1, $2, $3, $4, $5, $6, case when $7 <> '' then $7 else coalesce("
                 "(select rollout_uuid from operations where uuid = $6), "
                 "(select rollout_uuid from operations where node_uuid = $1 and state in ('queued', "
                 "'running')), '') end) returning sequence",
                 {event.node.uuid, store(event.at), event.kind, event.message, event.details.text,
                  event.operation.uuid, event.rollout.uuid});
    return std::get<std::int64_t>(rows.at(0).at(0));
}

std::vector<NodeEvent> EventRepository::ofNode(Transaction& tx, const model::NodeId& node,
                                               std::int64_t afterSequence, std::size_t limit) const
{
    return events().find(tx, "where node_uuid = $1 and sequence > $2 order by sequence limit $3",
                         {node.uuid, afterSequence, store(limit)});
}

std::vector<NodeEvent> EventRepository::since(Transaction& tx, std::int64_t afterSequence,
                                              std::size_t limit) const
{
    return events().find(tx, "where sequence > $1 order by sequence limit $2", {afterSequence, store(limit)});
}

std::vector<NodeEvent> EventRepository::matching(Transaction& tx, const EventFilter& filter,
                                                 std::int64_t afterSequence, std::size_t limit) const
{
    std::vector<Value> parameters{afterSequence, store(limit)};
    const std::string more = filter.sql(parameters);
    return events().find(tx, fmt::format("where sequence > $1{} order by sequence limit $2", more),
                         parameters);
}

std::size_t EventRepository::prune(Transaction& tx, std::int64_t last, std::size_t limit) const
{
    const std::int64_t end = endOfPiece(tx, "events", last, limit);
    return static_cast<std::size_t>(tx.execute("delete from events where sequence <= $1", {end}));
}

std::int64_t EventRepository::latestSequence(Transaction& tx) const
{
    return std::get<std::int64_t>(tx.query("select coalesce(max(sequence), 0) from events", {}).at(0).at(0));
}

} // namespace bm::db
