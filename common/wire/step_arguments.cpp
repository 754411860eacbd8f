#include "common/wire/step_arguments.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/schema_words.h"
#include "common/wire/resources/raid_config.h"
#include "common/wire/steps/argument_limits.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using nlohmann::json;

namespace {

template <class Arguments> void checkAgents(const json& arguments)
{
    checkLimits(fromJsonValue<Arguments>(arguments, "args"));
}

void checkRaid(const json& arguments)
{
    if (const json* config = memberOf(arguments, "raid_config"))
        checkRaidConfig(*config, "args.raid_config");
    for (const char* name : {"create_root_volume", "create_nonroot_volumes", "delete_existing"})
        if (const json* flag = memberOf(arguments, name); flag != nullptr && !flag->is_boolean())
            throw notOfType(fmt::format("args.{}", name), *flag, "'boolean'");
}

/// A list of objects whose member @p name is a text.
void checkSettings(const json& arguments, const char* name, const char* example)
{
    const json* settings = memberOf(arguments, "settings");
    if (settings == nullptr)
        return;
    if (!settings->is_array())
        throw notOfType("args.settings", *settings, "'array'", example);
    for (std::size_t i = 0; i < settings->size(); ++i) {
        const std::string where = fmt::format("args.settings[{}]", i);
        if (!(*settings)[i].is_object())
            throw notOfType(where, (*settings)[i], "'object'", example);
        if (memberOf((*settings)[i], name) == nullptr)
            throw missingProperty(where, name, example);
        asString((*settings)[i].at(name), fmt::format("{}.{}", where, name));
    }
}

void checkBios(const json& arguments)
{
    checkSettings(arguments, "name", R"([{"name": "ProcVirtualization", "value": "Enabled"}])");
}

void checkFirmware(const json& arguments)
{
    constexpr const char* kExample = R"([{"component": "bmc", "url": "https://files.example/bmc.bin"}])";
    checkSettings(arguments, "component", kExample);
    checkSettings(arguments, "url", kExample);
}

struct Check {
    std::string_view kind;
    void (*check)(const json&);
};
constexpr auto kChecks = std::to_array<Check>({
    {"erase_devices", checkAgents<EraseDevicesArguments>},
    {"burnin_cpu", checkAgents<BurnInCpuArguments>},
    {"burnin_memory", checkAgents<BurnInMemoryArguments>},
    {"burnin_disk", checkAgents<BurnInDiskArguments>},
    {"raid_create_configuration", checkRaid},
    {"bios_apply_configuration", checkBios},
    {"firmware_update", checkFirmware},
});

} // namespace

void checkStepArguments(std::string_view kind, const json& arguments)
{
    const auto* const found = std::ranges::find(kChecks, kind, &Check::kind);
    if (found != kChecks.end())
        found->check(arguments);
}

} // namespace bm::wire
