#include "common/wire/steps/deploy_options.h"

#include "common/wire/agent/root_device.h"

#include <fmt/format.h>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using model::ImageKind;
using nlohmann::json;

namespace {

template <class Visit> constexpr void eachOption(Visit visit)
{
    std::apply([&](const auto&... rows) { (visit(rows), ...); }, DeployOptions::fields());
}

constexpr bool haveMessages()
{
    bool all = true;
    eachOption([&](const auto& row) {
        const bool refused = (row.kinds & kForInstalled) != kForInstalled;
        all = all && (!refused || !row.refusal.message.empty());
    });
    return all;
}
static_assert(haveMessages(), "an option that disks or trees do not take needs a message");

constexpr bool takes(ImageKind kind, ImageKinds kinds)
{
    return (kinds & bitOf(kind)) != 0;
}

template <class Member> bool isSet(const Member& value, const Member& initial)
{
    return value != initial;
}

bool isSet(const std::optional<bool>& value, const std::optional<bool>& /*initial*/)
{
    return value.value_or(false);
}

} // namespace

model::JsonText hintsOfOne(const json& hints, std::string_view key)
{
    model::JsonText text = asObjectText(hints, key);
    parseRootDeviceHints(text.text, std::string(key));
    return text;
}

std::optional<std::vector<model::JsonText>> hintsOfEach(const json& disks, std::string_view key)
{
    if (!disks.is_array())
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: expected a list, got {}", key, kindOf(disks)),
                    R"(a list of hints, one object for each disk: [{"serial": "WD-1235"}])");
    std::vector<model::JsonText> out;
    for (std::size_t i = 0; i < disks.size(); ++i) {
        const std::string element = fmt::format("{}[{}]", key, i);
        out.push_back(asObjectText(disks[i], element));
        if (parseRootDeviceHints(out.back().text, element).empty())
            throw Error(ErrorCode::InvalidInput, element + ": no hint says which disk",
                        R"(for example {"serial": "WD-1235"})");
    }
    if (out.empty())
        return std::nullopt;
    return out;
}

model::JsonText layoutOrName(const json& layout, std::string_view key)
{
    if (!layout.is_object() && !layout.is_string())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: expected an object or a name, got {}", key, kindOf(layout)));
    return canonical(layout);
}

std::vector<std::string_view> deployOptionKeys()
{
    std::vector<std::string_view> keys;
    eachOption([&](const auto& row) { keys.emplace_back(row.key); });
    return keys;
}

DeployOptions deployOptionsFromBody(const json& body)
{
    DeployOptions options;
    eachOption([&](const auto& row) {
        if (const json* value = memberOf(body, row.key))
            options.*row.member = row.read(*value, row.key);
    });
    return options;
}

std::optional<OptionRefusal> refusedOption(const DeployOptions& options, ImageKind kind)
{
    const DeployOptions initial;
    std::optional<OptionRefusal> found;
    eachOption([&](const auto& row) {
        if (found || takes(kind, row.kinds) || !isSet(options.*row.member, initial.*row.member))
            return;
        found = row.refusal;
        if (found->name.empty())
            found->name = row.key;
    });
    return found;
}

DeployOptions optionsFor(ImageKind kind, DeployOptions options)
{
    const DeployOptions initial;
    eachOption([&](const auto& row) {
        if (!takes(kind, row.kinds))
            options.*row.member = initial.*row.member;
    });
    return options;
}

} // namespace bm::wire
