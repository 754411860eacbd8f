#pragma once
#include "common/model/operation.h"
#include "common/wire/json/json_fields.h"

#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace bm::wire {

/// What an operation is to do, as its row stores it (model::Operation::request) and
/// GET /v1/nodes/{ident}/operation shows it. Step lists are [{"interface", "step", "args", "priority"}].

/// An image is deployed.
struct DeployOrder {
    std::string kind{}; ///< of the image: "disk", "tree", "ramdisk"
    std::string imageId{};
    std::string imageName{};
    std::string contentId{}; ///< "" while the image is on its way
    bool growLastPartition = true;
    bool full = false;
    bool kexec = false;
    bool configDrive = false;                                ///< one is stored for the node
    std::optional<bool> fetch{};                             ///< the image comes from its address first
    std::optional<model::JsonText> rootDevice{};             ///< hints; nothing: the node's
    std::optional<std::vector<model::JsonText>> moreDisks{}; ///< of a disk image: hints of each further disk
    std::optional<model::JsonText> layout{};                 ///< of a tree
    std::optional<std::string> kernelArguments{};            ///< of a RAM disk
    std::optional<model::JsonText> steps{};
    static constexpr auto fields()
    {
        return std::tuple(
            field("kind", &DeployOrder::kind), field("image_id", &DeployOrder::imageId),
            field("image", &DeployOrder::imageName), field("content_id", &DeployOrder::contentId),
            field("grow_last_partition", &DeployOrder::growLastPartition), field("full", &DeployOrder::full),
            field("kexec", &DeployOrder::kexec), field("config_drive", &DeployOrder::configDrive),
            field("fetch", &DeployOrder::fetch), field("root_device", &DeployOrder::rootDevice),
            field("more_disks", &DeployOrder::moreDisks), field("layout", &DeployOrder::layout),
            field("kernel_arguments", &DeployOrder::kernelArguments),
            field("deploy_steps", &DeployOrder::steps));
    }
};

/// Ironic's "fake" deploy interface: steps alone.
struct DeployNothingOrder {
    std::string kind = "none";
    model::JsonText steps{"[]"};
    static constexpr auto fields()
    {
        return std::tuple(field("kind", &DeployNothingOrder::kind),
                          field("deploy_steps", &DeployNothingOrder::steps));
    }
};

/// Manual cleaning.
struct CleanOrder {
    model::JsonText steps{"[]"};
    bool disableRamdisk = false;
    static constexpr auto fields()
    {
        return std::tuple(field("clean_steps", &CleanOrder::steps),
                          field("disable_ramdisk", &CleanOrder::disableRamdisk));
    }
};

struct ServiceOrder {
    model::JsonText steps{"[]"};
    bool disableRamdisk = false;
    static constexpr auto fields()
    {
        return std::tuple(field("service_steps", &ServiceOrder::steps),
                          field("disable_ramdisk", &ServiceOrder::disableRamdisk));
    }
};

struct RescueOrder {
    std::string hashedPassword{}; ///< sealed
    static constexpr auto fields()
    {
        return std::tuple(field("hashed_password", &RescueOrder::hashedPassword));
    }
};

struct PowerOrder {
    std::string target{};                     ///< text of a model::PowerTarget
    std::optional<std::uint64_t> timeoutMs{}; ///< nothing: the configured one
    static constexpr auto fields()
    {
        return std::tuple(field("target", &PowerOrder::target), field("timeout_ms", &PowerOrder::timeoutMs));
    }
};

struct CaptureOrder {
    std::string imageId{};
    std::string imageName{};
    std::string rootDevice{}; ///< hints as JSON; "": the node's
    std::string kind{};       ///< "disk", "tree"
    bool generalise = false;
    static constexpr auto fields()
    {
        return std::tuple(field("image_id", &CaptureOrder::imageId),
                          field("image_name", &CaptureOrder::imageName),
                          field("root_device", &CaptureOrder::rootDevice), field("kind", &CaptureOrder::kind),
                          field("generalise", &CaptureOrder::generalise));
    }
};

/// Of the other kinds: nothing more than the kind says.
struct PlainOrder {
    static constexpr auto fields() { return std::tuple(); }
};

using OperationRequest = std::variant<PlainOrder, DeployOrder, DeployNothingOrder, CleanOrder, ServiceOrder,
                                      RescueOrder, PowerOrder, CaptureOrder>;

/// Reads a stored request. An operation that a deployment follows (verify, clean) holds the deployment's.
/// @throws Error Internal: the stored text does not fit (never for our own)
OperationRequest operationRequestOf(const model::Operation& operation);
model::JsonText toJson(const OperationRequest& request);

/// The part of @p request that is an @p Order; nullptr: it is another.
template <class Order> const Order* orderIn(const OperationRequest& request)
{
    return std::get_if<Order>(&request);
}

/// Of the image that @p request deploys or makes; "": none.
std::string imageIdOf(const OperationRequest& request);

[[noreturn]] void throwOtherOrder();
/// The same. @throws Error Internal: it is another
template <class Order> const Order& orderOf(const OperationRequest& request)
{
    const Order* order = orderIn<Order>(request);
    if (order == nullptr)
        throwOtherOrder();
    return *order;
}

} // namespace bm::wire
