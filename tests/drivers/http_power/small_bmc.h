#pragma once
#include "common/http/router.h"
#include "common/http/server.h"
#include "common/platform/guarded.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace bm::test {

/// A simulated BMC with the protocol of "http-power", on a free port of the loopback.
class SmallBmc {
public:
    struct Machine {
        bool on = false;
        std::string device = "disk";
        bool persistent = true;
    };
    static constexpr const char* kToken = "secret-of-the-bmc";

    SmallBmc()
    {
        router_.add(http::Method::Get, "/power", [this](http::Request& q, http::Response& a) {
            if (admits(q, a))
                a.sendJson(200, machine().on ? R"({"power":"on"})" : R"({"power":"off"})");
        });
        router_.add(http::Method::Post, "/power", [this](http::Request& q, http::Response& a) { act(q, a); });
        router_.add(http::Method::Get, "/boot", [this](http::Request& q, http::Response& a) {
            const Machine now = machine();
            if (admits(q, a))
                a.sendJson(200,
                           nlohmann::json{{"device", now.device}, {"persistent", now.persistent}}.dump());
        });
        router_.add(http::Method::Post, "/boot", [this](http::Request& q, http::Response& a) { boot(q, a); });
        http::ListenerConfig config;
        config.address = "127.0.0.1";
        server_ = std::make_unique<http::Server>(router_, config);
        server_->start();
    }
    ~SmallBmc() { server_->stop(); }
    SmallBmc(const SmallBmc&) = delete;
    SmallBmc& operator=(const SmallBmc&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
    Machine machine() const { return *machine_.lock(); }

private:
    static bool admits(const http::Request& request, http::Response& response)
    {
        if (request.header("Authorization").value_or("") == std::string("Bearer ") + kToken)
            return true;
        response.sendEmpty(401);
        return false;
    }
    void act(http::Request& request, http::Response& response)
    {
        if (!admits(request, response))
            return;
        const std::string action = nlohmann::json::parse(request.body()).at("action");
        machine_.lock()->on = action == "on" || action == "reset";
        response.sendJson(200, "{}");
    }
    void boot(http::Request& request, http::Response& response)
    {
        if (!admits(request, response))
            return;
        const nlohmann::json body = nlohmann::json::parse(request.body());
        const auto machine = machine_.lock();
        machine->device = body.at("device");
        machine->persistent = body.at("persistent");
        response.sendJson(200, "{}");
    }

    mutable platform::Guarded<Machine> machine_{};
    http::Router router_;
    std::unique_ptr<http::Server> server_;
};

} // namespace bm::test
