#include "common/wire/operation_request.h"

namespace bm::wire {

using model::Error;
using model::OperationKind;
using nlohmann::json;

namespace {

constexpr const char* kWhat = "the stored request";

/// The members tell the kind: the operations before a deployment hold its request.
OperationRequest requestFrom(OperationKind kind, const json& stored)
{
    if (kind == OperationKind::Capture)
        return fromJsonValue<CaptureOrder>(stored, kWhat);
    if (kind == OperationKind::Power)
        return fromJsonValue<PowerOrder>(stored, kWhat);
    if (stored.contains("clean_steps"))
        return fromJsonValue<CleanOrder>(stored, kWhat);
    if (stored.contains("service_steps"))
        return fromJsonValue<ServiceOrder>(stored, kWhat);
    if (stored.contains("hashed_password"))
        return fromJsonValue<RescueOrder>(stored, kWhat);
    if (stored.contains("image_id"))
        return fromJsonValue<DeployOrder>(stored, kWhat);
    if (stored.contains("deploy_steps"))
        return fromJsonValue<DeployNothingOrder>(stored, kWhat);
    return PlainOrder{};
}

} // namespace

OperationRequest operationRequestOf(const model::Operation& operation)
{
    try {
        return requestFrom(operation.kind, parseObject(operation.request.text, kWhat));
    } catch (const Error& error) {
        throw Error(model::ErrorCode::Internal,
                    "operation " + operation.id.uuid + " can not be read: " + error.message(),
                    "was the database used by a newer bmd?");
    }
}

std::string imageIdOf(const OperationRequest& request)
{
    if (const auto* deploy = orderIn<DeployOrder>(request))
        return deploy->imageId;
    const auto* capture = orderIn<CaptureOrder>(request);
    return capture == nullptr ? "" : capture->imageId;
}

void throwOtherOrder()
{
    throw Error(model::ErrorCode::Internal, "the operation's request is of another kind",
                "was the database used by a newer bmd?");
}

model::JsonText toJson(const OperationRequest& request)
{
    return std::visit([](const auto& order) { return canonical(toJsonValue(order)); }, request);
}

} // namespace bm::wire
