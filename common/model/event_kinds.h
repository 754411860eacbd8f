#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace bm::model {

/// Every kind of event that bm writes; event_kinds.inc has a row for each. The text ("area.what") is API:
/// stored, streamed, used in filters and webhooks, and documented in docs/events.md. A renamed kind keeps its
/// old text as an alias for one release.
enum class EventKind : std::uint8_t {
#define BM_EVENT_KIND(kind, text, meaning) kind,
#include "common/model/event_kinds.inc"
#undef BM_EVENT_KIND
};

struct EventKindRow {
    EventKind kind;
    std::string_view text;
    std::string_view meaning; ///< one line for an operator
};

/// An old text of a kind: filters and webhooks may still name it.
struct EventKindAlias {
    std::string_view old;
    EventKind kind;
};

/// In the order of the enumerators, which is that of the texts.
std::span<const EventKindRow> eventKinds() noexcept;
std::span<const EventKindAlias> eventKindAliases() noexcept;
std::string_view toText(EventKind kind) noexcept;
/// Old texts count. Nothing: bm writes no such kind.
std::optional<EventKind> eventKindFromText(std::string_view text) noexcept;
/// All texts that stand for the kind @p text: its own and its old ones; only @p text where bm writes no such
/// kind. A filter with all of them finds events from before a renaming, too.
std::vector<std::string_view> sameEventKind(std::string_view text);

} // namespace bm::model
