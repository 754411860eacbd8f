#pragma once
#include "common/model/node.h"
#include "common/model/operation.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace bm::conductor {

/// What a list of steps is for.
enum class StepUse : std::uint8_t { Clean, Deploy, Service };

/// A step that may be asked for by name: in clean_steps, deploy_steps, service_steps, runbooks, deploy
/// templates.
struct KnownStep {
    std::string_view interface;
    std::string_view name;
    std::string_view backing;  ///< the node's interface must be one of these, blank-separated; "": any
    bool inBand;               ///< done by the agent: needs the RAM disk
    bool destroys;             ///< what is on the disks: not of a service
    std::string_view required; ///< arguments, blank-separated
    std::string_view optional; ///< more of them
};

/// nullptr: there is none. Reserved steps (hold, wait, power_on, power_off, reboot) go by their name alone.
const KnownStep* findKnownStep(std::string_view interface, std::string_view name);

/// Whether @p node can do @p steps ([{"interface", "step", "args"}]) in @p use; with @p ramdisk false in-band
/// ones are refused. @throws Error InvalidInput naming the step, in Ironic's words, with what is known
void checkSteps(const model::Node& node, const nlohmann::json& steps, StepUse use, bool ramdisk = true);

} // namespace bm::conductor
