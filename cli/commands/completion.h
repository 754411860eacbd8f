#pragma once
#include <string_view>

namespace bm::cli {

/// The arguments and options that complete to names. A new command adds its row here and nothing else: the
/// script is generated from the parser, and `bm __complete KIND PREFIX` lists the names.
struct CompletedArgument {
    std::string_view command; ///< as a shell pattern: "bm node show", "bm rollout *"
    int position;             ///< of the argument, from 0; -1: any
    std::string_view kind;
};

/// The source of a kind's names: GET path, the list in the answer, the member of each row.
struct NameSource {
    std::string_view kind;
    std::string_view path;
    std::string_view list;
    std::string_view member;
};

inline constexpr CompletedArgument kCompletedArguments[] = {
    {"bm provision", 0, "reference"},
    {"bm provision", -1, "node"},
    {"bm undeploy", -1, "node"},
    {"bm abort", -1, "node"},
    {"bm power", -1, "node"},
    {"bm node show|bm node set|bm node delete|bm node timeline|bm node console|bm node check|bm node list",
     -1, "node"},
    {"bm image show|bm image set", -1, "reference"},
    {"bm image tag", 0, "reference"},
    {"bm image tag|bm image untag|bm image tags", -1, "tag"},
    {"bm image delete", -1, "image"},
    {"bm context use|bm context show|bm context delete", -1, "context"},
    {"bm rollout show|bm rollout watch|bm rollout start|bm rollout pause|bm rollout resume|bm rollout "
     "abort|bm "
     "rollout retry|bm rollout delete",
     0, "rollout"},
    {"bm rollout retry", -1, "node"},
    {"bm schedule show|bm schedule set|bm schedule pause|bm schedule resume|bm schedule run|bm schedule "
     "next|bm "
     "schedule history|bm schedule delete",
     -1, "schedule"},
    {"bm webhook show|bm webhook set|bm webhook test|bm webhook delete", -1, "webhook"},
};

/// Options whose value is a name.
inline constexpr CompletedArgument kCompletedOptions[] = {
    {"--context", -1, "context"}, {"--image", -1, "reference"},   {"--node", -1, "node"},
    {"--rollout", -1, "rollout"}, {"--schedule", -1, "schedule"},
};

/// A kind may have several sources. Nodes and contexts have functions of their own.
inline constexpr NameSource kNameSources[] = {
    {"image", "/v1/images", "images", "name"},       {"tag", "/v1/image-tags", "image_tags", "tag"},
    {"reference", "/v1/images", "images", "name"},   {"reference", "/v1/image-tags", "image_tags", "tag"},
    {"rollout", "/v1/rollouts", "rollouts", "name"}, {"schedule", "/v1/schedules", "schedules", "name"},
    {"webhook", "/v1/webhooks", "webhooks", "name"},
};

} // namespace bm::cli
