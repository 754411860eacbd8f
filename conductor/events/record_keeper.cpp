#include "conductor/events/record_keeper.h"

#include "common/platform/condition.h"
#include "common/platform/log.h"
#include "common/platform/loop.h"
#include "common/text/text.h"
#include "common/wire/json/json_writer.h"
#include "db/repositories/audit_repository.h"

#include <fmt/format.h>

namespace bm::conductor {
namespace {

constexpr std::chrono::minutes kPeriod{1};
constexpr std::chrono::hours kPrunePeriod{1};
constexpr std::size_t kPrunedRows = 2'000; ///< rows removed in one transaction: it holds the writer
constexpr std::chrono::milliseconds kPrunePause{50};

/// "9980 more, counted only, from 10.0.0.5, 10.0.0.6"
std::string countedText(const CountedRows& counted)
{
    return fmt::format("{} more, counted only, from {}{}", counted.rows, text::joined(counted.peers, ", "),
                       counted.peers.size() < StrangerGate::kPeersNamed ? "" : " and others");
}

std::string countedDetails(const CountedRows& counted)
{
    wire::JsonWriter out;
    out.beginObject().key("count").number(counted.rows).key("peers").beginArray();
    for (const std::string& peer : counted.peers)
        out.string(peer);
    out.endArray().endObject();
    return out.take();
}

void appendAudit(db::Transaction& tx, model::UtcTime now, const CountedRows& counted)
{
    model::AuditRecord record;
    record.at = now;
    record.actor = "(unknown)";
    record.action = "requests";
    record.outcome = "refused";
    record.detail = countedText(counted);
    db::AuditRepository{}.append(tx, record);
}

void appendEvent(db::Transaction& tx, model::UtcTime now, const CountedRows& counted)
{
    model::NodeEvent event;
    event.at = now;
    event.kind = counted.kind;
    event.message = countedText(counted);
    event.details.text = countedDetails(counted);
    db::EventRepository{}.append(tx, event);
}

db::Retention retentionOf(model::UtcTime now, std::chrono::milliseconds age, std::size_t rows)
{
    db::Retention retention;
    if (age.count() > 0)
        retention.since = now - age;
    if (rows > 0)
        retention.mostRows = rows;
    return retention;
}

std::size_t pruneAudit(db::Transaction& tx, model::UtcTime now, std::int64_t last)
{
    const std::size_t removed = db::AuditRepository{}.prune(tx, last, kPrunedRows);
    if (removed == 0)
        return 0;
    model::AuditRecord record;
    record.at = now;
    record.actor = "system";
    record.action = "audit.prune";
    record.outcome = "done";
    record.detail = fmt::format("removed the oldest {} records", removed);
    db::AuditRepository{}.append(tx, record);
    return removed;
}

} // namespace

struct RecordKeeper::State {
    explicit State(Context given) : context(std::move(given)) {}

    void pass(const std::stop_token& stop);
    bool hasSpace() const;
    void watchSpace();
    void writeCounts();
    void prune(const std::stop_token& stop);
    /// Calls @p piece in transactions of their own until it removes less than a whole piece.
    template <class Piece> void removeAll(const std::stop_token& stop, Piece&& piece);

    Context context;
    bool space = true;
    std::optional<model::UtcTime> prunedAt{};
    platform::Loop loop{"records", [this](const std::stop_token& stop) {
                            pass(stop);
                            return platform::Loop::Pause::exactly(kPeriod);
                        }};
};

bool RecordKeeper::State::hasSpace() const
{
    const RecordSettings& settings = context.settings.records;
    if (settings.folder.empty())
        return true;
    std::error_code failed;
    const std::filesystem::space_info found = std::filesystem::space(settings.folder, failed);
    return failed || found.available >= settings.reserveBytes;
}

void RecordKeeper::State::watchSpace()
{
    const bool enough = hasSpace();
    if (space != enough && enough)
        platform::logInfo("records", "the disk of the database has space again: bmd stores all rows");
    if (space != enough && !enough)
        platform::logWarning("records",
                             "the disk of the database has less free space than database.reserve: bmd stores "
                             "no events and audit records of clients without a login");
    space = enough;
    context.strangers.setSpace(enough);
}

void RecordKeeper::State::writeCounts()
{
    const std::vector<CountedRows> counts = context.strangers.takeCounts();
    if (counts.empty())
        return;
    const model::UtcTime now = context.clock.now();
    context.database.write([&](db::Transaction& tx) {
        for (const CountedRows& counted : counts)
            if (counted.kind == kAuditCause)
                appendAudit(tx, now, counted);
            else
                appendEvent(tx, now, counted);
    });
}

template <class Piece> void RecordKeeper::State::removeAll(const std::stop_token& stop, Piece&& piece)
{
    while (!stop.stop_requested() && context.database.write(piece) >= kPrunedRows)
        platform::pauseFor(kPrunePause, stop); // for the other writes
}

void RecordKeeper::State::prune(const std::stop_token& stop)
{
    const RecordSettings& settings = context.settings.records;
    const model::UtcTime now = context.clock.now();
    const auto lastOf = [&](std::string_view table, const db::Retention& retention) {
        return context.database.read(
            [&](db::Transaction& tx) { return db::lastRowToPrune(tx, table, retention); });
    };
    const std::int64_t events = lastOf("events", retentionOf(now, settings.eventsAge, settings.eventsRows));
    const std::int64_t audit = lastOf("audit", retentionOf(now, settings.auditAge, settings.auditRows));
    removeAll(stop,
              [&](db::Transaction& tx) { return db::EventRepository{}.prune(tx, events, kPrunedRows); });
    removeAll(stop, [&](db::Transaction& tx) { return pruneAudit(tx, now, audit); });
}

void RecordKeeper::State::pass(const std::stop_token& stop)
{
    watchSpace();
    if (space) {
        writeCounts();
        context.unknownMachines.flush(context.database);
    }
    const model::UtcTime now = context.clock.now();
    if (prunedAt && now - *prunedAt < kPrunePeriod && now >= *prunedAt)
        return;
    prune(stop);
    prunedAt = now;
}

RecordKeeper::RecordKeeper(Context context) : state_(std::make_unique<State>(std::move(context))) {}
RecordKeeper::~RecordKeeper()
{
    stop();
}

void RecordKeeper::start()
{
    state_->loop.start();
}

void RecordKeeper::stop()
{
    state_->loop.stop();
}

void RecordKeeper::runOnce(const std::stop_token& stop)
{
    state_->pass(stop);
}

} // namespace bm::conductor
