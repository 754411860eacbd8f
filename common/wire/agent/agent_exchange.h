#pragma once
#include "common/text/json_text.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::wire {

/// A failure in a message; code is a kebab-case model::ErrorCode.
struct AgentError {
    std::string code;
    std::string message;
    std::string hint;
};

enum class AgentStepState : std::uint8_t { Running, Done, Failed };
std::string_view toText(AgentStepState state) noexcept;

/// The agent's progress with a step.
struct AgentStepReport {
    std::string id;
    AgentStepState state = AgentStepState::Running;
    std::uint64_t bytesDone = 0;
    std::uint64_t bytesTotal = 0;
    std::string message;               ///< its present activity, for people
    model::JsonText result{};          ///< set when done
    std::optional<AgentError> error{}; ///< set when failed
};

/// The agent's report of a copy through the relay.
struct AgentRelayReport {
    std::uint16_t port = 0; ///< of its own listener; 0: none
    std::string source;     ///< "10.77.0.101:6387", "server"; empty: none now
    bool slow = false;      ///< its disk does not keep up
    std::uint64_t bytesPerSecond = 0;
    std::map<std::string, std::uint64_t> bytesFrom{}; ///< stored bytes by source
    std::uint64_t bytesServed = 0;
    std::uint32_t children = 0;
    struct Left {
        std::string source;
        std::string reason;
    };
    std::vector<Left> left{}; ///< sources that it left, and why
};

/// The server's plan of a copy: the agent fetches from the sources and serves agents with the same token.
struct AgentRelayPlan {
    std::string token;                ///< of this copy, 64 hex digits; a secret
    std::vector<std::string> sources; ///< "ADDRESS:PORT", the best first; after them the server
    std::uint64_t bytesPerSecond = 0; ///< rate of the other agents; 0: unknown
    std::uint16_t port = 0;           ///< for the listener; another one where it is taken
    std::uint64_t cacheBytes = 0;     ///< 0: in proportion to the machine's memory
};

/// Body of POST /v1/agent/{uuid}/exchange.
struct AgentExchangeRequest {
    std::string bootId;
    std::string agentVersion;
    std::optional<model::JsonText> inventory{}; ///< on the first exchange of a boot
    std::optional<AgentStepReport> step{};
    std::optional<AgentRelayReport> relay{};
    std::string log;             ///< since the last exchange, at most 16 KiB
    bool keepsDiskRules = false; ///< agents before DiskRules ignore them
};

struct AgentStepOrder {
    std::string id;
    std::string name;
    model::JsonText arguments{};
    model::JsonText diskRules{}; ///< wire::DiskRules
};

struct AgentExchangeAnswer {
    std::uint64_t callAgainMs = 1000;
    bool abort = false;
    std::optional<AgentStepOrder> step{};
    std::optional<AgentRelayPlan> relay{}; ///< while the step copies an image
};

/// The answer of GET /v1/lookup (Ironic's form).
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
