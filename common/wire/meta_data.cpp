#include "common/wire/meta_data.h"

#include "common/model/error.h"
#include "common/text/ssh_keys.h"
#include "common/wire/json/json_input.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr const char* kKeys = "public_keys";

/// Adds the keys of @p text. The first one is called @p name; a name that is taken gets a number.
void addKeys(json& keys, const std::string& name, std::string_view text)
{
    for (const std::string_view line : text::sshKeyLines(text)) {
        if (std::ranges::any_of(keys, [&](const json& known) { return known == line; }))
            continue;
        std::string free = name;
        for (int number = 1; keys.contains(free); ++number)
            free = fmt::format("{}-{}", name, number);
        keys[free] = line;
    }
}

void addList(json& keys, const std::string& name, const json& list, const std::string& field)
{
    const std::vector<std::string> texts = asStrings(list, field);
    for (std::size_t i = 0; i < texts.size(); ++i)
        addKeys(keys, name.empty() ? fmt::format("key{}", i) : name, texts[i]);
}

void addGiven(json& keys, const json* given, const std::string& place)
{
    if (given->is_string())
        addKeys(keys, "key0", given->get<std::string>());
    else if (given->is_array())
        addList(keys, "", *given, place);
    else if (!given->is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: expected an object or a list, got {}", place, kindOf(*given)),
                    R"({"laptop": "ssh-ed25519 AAAA... me"} or ["ssh-ed25519 AAAA... me"])");
    else
        for (const auto& [name, key] : given->items()) {
            if (key.is_array())
                addList(keys, name, key, fmt::format("{}.{}", place, name));
            else
                addKeys(keys, name, asString(key, fmt::format("{}.{}", place, name)));
        }
}

} // namespace

void spreadPublicKeys(json& metaData, const std::string& field)
{
    json keys = json::object();
    bool found = false;
    for (const char* key :
         {kKeys, "public-keys"}) // the second is the form of cloud-init's datasource NoCloud
        if (const json* given = memberOf(metaData, key)) {
            addGiven(keys, given, fmt::format("{}.{}", field, key));
            found = true;
        }
    if (found)
        metaData[kKeys] = keys;
}

void addPublicKeys(json& metaData, std::span<const std::string> keys)
{
    for (std::size_t i = 0; i < keys.size(); ++i) {
        json& known = metaData[kKeys];
        if (known.is_null())
            known = json::object();
        addKeys(known, fmt::format("key{}", i), keys[i]);
    }
}

void completeHostName(json& metaData, const std::string& otherwise)
{
    std::string name = otherwise;
    for (const char* key : {"local_hostname", "local-hostname", "hostname"})
        if (const json* given = memberOf(metaData, key);
            given != nullptr && given->is_string() && *given != "")
            name = given->get<std::string>();
    for (const char* key : {"hostname", "local-hostname"})
        if (memberOf(metaData, key) == nullptr || metaData.at(key) == "")
            metaData[key] = name;
}

} // namespace bm::wire
