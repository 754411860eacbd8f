#pragma once
#include "common/model/operation.h"
#include "common/wire/json/json_fields.h"
#include "common/wire/steps/deploy_options.h"

#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace bm::wire {

/// The request of an operation, in model::Operation::request and in GET /v1/nodes/{ident}/operation. Step
/// lists are [{"interface", "step", "args", "priority"}].

/// Deploys an image.
struct DeployOrder {
    std::string kind{}; ///< of the image: "disk", "tree", "ramdisk"
    std::string imageId{};
    std::string imageName{};
    std::string contentId{};     ///< "" before bmd has fetched the image
    DeployOptions options{};     ///< as decided for the node
    bool configDrive = false;    ///< the database has one for the node
    std::optional<bool> fetch{}; ///< a step fetches the image from its address
    std::optional<model::JsonText> steps{};
    static constexpr auto fields()
    {
        return std::tuple(field("kind", &DeployOrder::kind), field("image_id", &DeployOrder::imageId),
                          field("image", &DeployOrder::imageName),
                          field("content_id", &DeployOrder::contentId), inlined(&DeployOrder::options),
                          field("config_drive", &DeployOrder::configDrive),
                          field("fetch", &DeployOrder::fetch), field("deploy_steps", &DeployOrder::steps));
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

/// Of the other kinds, which have no parameters.
struct PlainOrder {
    static constexpr auto fields() { return std::tuple(); }
};

using OperationRequest = std::variant<PlainOrder, DeployOrder, DeployNothingOrder, CleanOrder, ServiceOrder,
                                      RescueOrder, PowerOrder, CaptureOrder>;

/// Reads a request from the database. An operation before a deployment (verify, clean) has the deployment's.
/// @throws Error Internal: the text does not fit, a defect of bm
OperationRequest operationRequestOf(const model::Operation& operation);
model::JsonText toJson(const OperationRequest& request);

/// The @p Order in @p request; nullptr: it holds another kind.
template <class Order> const Order* orderIn(const OperationRequest& request)
{
    return std::get_if<Order>(&request);
}

/// The image that @p request deploys or makes; "": none.
std::string imageIdOf(const OperationRequest& request);

[[noreturn]] void throwOtherOrder();
/// Likewise. @throws Error Internal: it holds another kind
template <class Order> const Order& orderOf(const OperationRequest& request)
{
    const Order* order = orderIn<Order>(request);
    if (order == nullptr)
        throwOtherOrder();
    return *order;
}

} // namespace bm::wire
