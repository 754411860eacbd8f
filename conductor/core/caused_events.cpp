#include "conductor/core/caused_events.h"

#include "common/text/printable.h"
#include "common/wire/json/json_input.h"
#include "conductor/core/nodes.h"

#include <nlohmann/json.hpp>

namespace bm::conductor {
namespace {

constexpr std::size_t kMessageText = 400; // bytes
constexpr std::size_t kEventAddressText = 64;

bool isAdmitted(const Context& context, const CausedEvent& event)
{
    return context.strangers.admits({std::string(model::toText(event.kind)), event.peer, event.node.uuid},
                                    context.clock.now());
}

void appendCaused(db::Transaction& tx, const Context& context, const CausedEvent& event)
{
    nlohmann::json details = nlohmann::json::object();
    if (!event.address.empty())
        details["address"] = text::shortPrintable(event.address, kEventAddressText);
    recordEvent(tx, context.clock.now(), event.node, event.kind,
                text::shortPrintable(event.message, kMessageText), wire::canonical(details).text,
                event.operation);
}

} // namespace

void recordCaused(db::Transaction& tx, const Context& context, const CausedEvent& event)
{
    if (isAdmitted(context, event))
        appendCaused(tx, context, event);
}

void recordCaused(const Context& context, const CausedEvent& event)
{
    if (isAdmitted(context, event))
        context.database.write([&](db::Transaction& tx) { appendCaused(tx, context, event); });
}

} // namespace bm::conductor
