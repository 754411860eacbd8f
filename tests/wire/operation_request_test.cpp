// Requests of operations in the database.
#include "common/model/error.h"
#include "common/wire/operation_json.h"
#include "common/wire/operation_request.h"

#include <catch2/catch.hpp>

using namespace bm::wire;
using bm::model::Error;
using bm::model::ErrorCode;
using bm::model::Operation;
using bm::model::OperationKind;

namespace {

OperationRequest read(OperationKind kind, const std::string& text)
{
    Operation operation;
    operation.kind = kind;
    operation.request.text = text;
    return operationRequestOf(operation);
}

} // namespace

TEST_CASE("a stored request survives encoding and decoding", "[wire][operations]")
{
    const std::pair<OperationKind, const char*> stored[] = {
        {OperationKind::Deploy,
         R"({"config_drive":true,"content_id":"c","full":false,"grow_last_partition":true,"image":"debian-12","image_id":"i","kernel_arguments":"quiet","kexec":true,"kind":"disk","layout":{"a":1},"more_disks":[{"serial":"S"}],"root_device":{"serial":"T"}})"},
        {OperationKind::Deploy, R"({"deploy_steps":[{"step":"hold"}],"kind":"none"})"},
        {OperationKind::Clean, R"({"clean_steps":[{"step":"hold"}],"disable_ramdisk":true})"},
        {OperationKind::Service, R"({"disable_ramdisk":false,"service_steps":[]})"},
        {OperationKind::Rescue, R"({"hashed_password":"sealed"})"},
        {OperationKind::Power, R"({"target":"power on"})"},
        {OperationKind::Power, R"({"target":"rebooting","timeout_ms":5000})"},
        {OperationKind::Capture,
         R"({"generalise":true,"image_id":"i","image_name":"n","kind":"tree","root_device":""})"},
        {OperationKind::Undeploy, "{}"},
        {OperationKind::Inspect, "{}"},
    };
    for (const auto& [kind, text] : stored) {
        INFO(text);
        CHECK(toJson(read(kind, text)).text == text);
    }
}

TEST_CASE("the operations before a deployment hold its request", "[wire][operations]")
{
    const char* const stored = R"({"image_id":"i","image":"debian-12","kind":"disk"})";
    for (const OperationKind kind : {OperationKind::Verify, OperationKind::Clean, OperationKind::Deploy}) {
        const OperationRequest request = read(kind, stored);
        REQUIRE(orderIn<DeployOrder>(request) != nullptr);
        CHECK(orderIn<DeployOrder>(request)->imageId == "i");
        CHECK(orderIn<DeployOrder>(request)->options.growLastPartition);
        CHECK_FALSE(orderIn<DeployOrder>(request)->options.kexec); // rows before the option
    }
    CHECK(orderIn<PlainOrder>(read(OperationKind::Clean, "{}")) != nullptr);
}

TEST_CASE("a stored request that does not fit is an internal error that names the operation",
          "[wire][operations]")
{
    for (const char* text : {"", "[]", R"({"target": 5})", R"({"timeout_ms": -1})"}) {
        INFO(text);
        try {
            read(OperationKind::Power, text);
            FAIL("accepted");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::Internal);
        }
    }
}

TEST_CASE("an operation shows the title of its step, and each step its own", "[wire][operations]")
{
    Operation operation;
    operation.kind = OperationKind::Deploy;
    std::vector<bm::model::Step> steps(2);
    steps[0].name = "await_agent";
    steps[0].state = bm::model::StepState::Done;
    steps[1].name = "write_image";
    steps[1].state = bm::model::StepState::Running;
    JsonWriter out;
    writeOperation(out, operation, steps, bm::model::UtcTime{});
    const nlohmann::json shown = nlohmann::json::parse(out.text());
    CHECK(shown.at("step") == "write_image");
    CHECK(shown.at("step_title") == "writing the image");
    CHECK(shown.at("steps").at(0).at("title") == "starting the RAM disk");
}
