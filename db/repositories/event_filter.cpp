#include "db/repositories/event_filter.h"

#include "common/model/error.h"
#include "common/model/event_kinds.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::db {
namespace {

constexpr std::size_t kMaxKinds = 16;

bool isPrefix(std::string_view kind)
{
    return kind.ends_with('*');
}

bool isKind(std::string_view text)
{
    if (isPrefix(text))
        text.remove_suffix(1);
    return text.size() <= 80 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
           });
}

/// Turns "step.*" into a range of texts, which works on both engines and uses an index.
std::string rangeSql(std::string_view prefix, std::vector<Value>& parameters)
{
    std::string next(prefix);
    if (next.empty())
        return "1 = 1";
    ++next.back();
    parameters.emplace_back(std::string(prefix));
    parameters.emplace_back(next);
    return fmt::format("(kind >= ${} and kind < ${})", parameters.size() - 1, parameters.size());
}

} // namespace

bool EventFilter::matches(const model::NodeEvent& event) const
{
    if (!node.uuid.empty() && event.node.uuid != node.uuid)
        return false;
    if (!rollout.uuid.empty() && event.rollout != rollout)
        return false;
    const std::string_view kind = event.kind;
    return kinds.empty() || std::any_of(kinds.begin(), kinds.end(), [kind](std::string_view wanted) {
               return isPrefix(wanted) ? kind.starts_with(wanted.substr(0, wanted.size() - 1))
                                       : kind == wanted;
           });
}

std::string EventFilter::sql(std::vector<Value>& parameters) const
{
    std::string text;
    if (!node.uuid.empty()) {
        parameters.emplace_back(node.uuid);
        text += fmt::format(" and node_uuid = ${}", parameters.size());
    }
    if (!rollout.uuid.empty()) { // the second condition enables the partial index
        parameters.emplace_back(rollout.uuid);
        text += fmt::format(" and rollout_uuid = ${} and rollout_uuid <> ''", parameters.size());
    }
    std::string any;
    for (const std::string_view kind : kinds) {
        any += any.empty() ? " and (" : " or ";
        if (isPrefix(kind)) {
            any += rangeSql(kind.substr(0, kind.size() - 1), parameters);
        } else {
            parameters.emplace_back(std::string(kind));
            any += fmt::format("kind = ${}", parameters.size());
        }
    }
    return text + any + (any.empty() ? "" : ")");
}

std::vector<std::string> kindsFromText(std::string_view text)
{
    std::vector<std::string> kinds;
    for (bool more = !text.empty(); more;) {
        const std::size_t comma = text.find(',');
        const std::string_view kind = text.substr(0, comma);
        if (kind.empty() || !isKind(kind) || kinds.size() == kMaxKinds)
            throw model::Error(model::ErrorCode::InvalidInput,
                               fmt::format("kind: \"{}\" is not an event kind", kind.substr(0, 80)),
                               "use kinds such as state.changed or prefixes such as step.*, comma-separated");
        for (const std::string_view same :
             model::sameEventKind(kind)) // also matches events with its old name
            kinds.emplace_back(same);
        more = comma != std::string_view::npos;
        text.remove_prefix(more ? comma + 1 : text.size());
    }
    return kinds;
}

} // namespace bm::db
