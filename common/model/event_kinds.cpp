#include "common/model/event_kinds.h"

#include <algorithm>

namespace bm::model {
namespace {

using K = EventKind;

constexpr auto kKinds = std::to_array<EventKindRow>({
#define BM_EVENT_KIND(kind, text, meaning) {K::kind, text, meaning},
#include "common/model/event_kinds.inc"
#undef BM_EVENT_KIND
});

constexpr auto kAliases = std::to_array<EventKindAlias>({
    {"boot.spared", K::BootFastTrack},
});

constexpr bool inOrder()
{
    for (std::size_t i = 0; i < kKinds.size(); ++i)
        if (static_cast<std::size_t>(kKinds[i].kind) != i ||
            (i > 0 && !(kKinds[i - 1].text < kKinds[i].text)))
            return false;
    return true;
}
static_assert(inOrder(), "the rows stand in the order of the enumerators and of their texts");

} // namespace

std::span<const EventKindRow> eventKinds() noexcept
{
    return kKinds;
}

std::span<const EventKindAlias> eventKindAliases() noexcept
{
    return kAliases;
}

std::string_view toText(EventKind kind) noexcept
{
    return kKinds[static_cast<std::size_t>(kind)].text;
}

std::optional<EventKind> eventKindFromText(std::string_view text) noexcept
{
    const auto row = std::ranges::lower_bound(kKinds, text, {}, &EventKindRow::text);
    if (row != kKinds.end() && row->text == text)
        return row->kind;
    const auto alias = std::ranges::find(kAliases, text, &EventKindAlias::old);
    return alias == kAliases.end() ? std::nullopt : std::optional(alias->kind);
}

std::vector<std::string_view> sameEventKind(std::string_view text)
{
    const std::optional<EventKind> kind = eventKindFromText(text);
    if (!kind)
        return {text};
    std::vector<std::string_view> texts{toText(*kind)};
    for (const EventKindAlias& alias : kAliases)
        if (alias.kind == *kind)
            texts.push_back(alias.old);
    return texts;
}

} // namespace bm::model
