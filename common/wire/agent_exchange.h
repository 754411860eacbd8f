#pragma once
#include "common/model/json_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::wire {

/// A failure as it crosses the wire; code is a kebab-case model::ErrorCode.
struct AgentError {
    std::string code;
    std::string message;
    std::string hint;
};

enum class AgentStepState : std::uint8_t { Running, Done, Failed };
std::string_view toText(AgentStepState state) noexcept;

/// Where the agent is with a step.
struct AgentStepReport {
    std::string id;
    AgentStepState state = AgentStepState::Running;
    std::uint64_t bytesDone = 0;
    std::uint64_t bytesTotal = 0;
    std::string message;               ///< what it is doing, for people
    model::JsonText result{};          ///< meant when done
    std::optional<AgentError> error{}; ///< set when failed
};

/// Body of POST /v1/agent/{uuid}/exchange.
struct AgentExchangeRequest {
    std::string bootId;
    std::string agentVersion;
    std::optional<model::JsonText> inventory{}; ///< on the first exchange of a boot
    std::optional<AgentStepReport> step{};
    std::string log; ///< since the last exchange, at most 16 KiB
};

struct AgentStepOrder {
    std::string id;
    std::string name;
    model::JsonText arguments{};
};

struct AgentExchangeAnswer {
    std::uint64_t callAgainMs = 1000;
    bool abort = false;
    std::optional<AgentStepOrder> step{};
};

/// What GET /v1/lookup tells the agent (Ironic's form).
struct AgentLookupAnswer {
    std::string nodeUuid;
    std::string token;
    std::uint64_t heartbeatTimeoutSeconds = 300;
};

model::JsonText toJson(const AgentExchangeRequest& request);
model::JsonText toJson(const AgentExchangeAnswer& answer);
/// All @throws Error InvalidInput with the path of the member that does not fit
AgentExchangeRequest agentExchangeRequestFromJson(std::string_view text);
AgentExchangeAnswer agentExchangeAnswerFromJson(std::string_view text);
AgentLookupAnswer agentLookupAnswerFromJson(std::string_view text);

} // namespace bm::wire
