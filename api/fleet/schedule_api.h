#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// bm's own /v1/schedules: rollouts that start at given times.
class ScheduleApi {
public:
    explicit ScheduleApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void list(http::Request& request, http::Response& response) const;
    void create(http::Request& request, http::Response& response) const;
    void show(http::Request& request, http::Response& response) const;
    void change(http::Request& request, http::Response& response) const;
    void remove(http::Request& request, http::Response& response) const;
    void pause(http::Request& request, http::Response& response) const;
    void resume(http::Request& request, http::Response& response) const;
    void runNow(http::Request& request, http::Response& response) const;
    void next(http::Request& request, http::Response& response) const;
    void runs(http::Request& request, http::Response& response) const;
    void send(const http::Request& request, http::Response& response, int status,
              const conductor::fleet::StoredSchedule& stored) const;

    const ApiParts& parts_;
};

} // namespace bm::api
