#pragma once
#include "bmd/backup/state_lock.h"
#include "bmd/config.h"
#include "common/model/clock.h"

#include <cstdint>
#include <memory>
#include <string>

namespace bm::bmd {

/// All of bmd, built from a Config. Only this class and Core name concrete classes; --dev and the tests build
/// the same. The constructor excludes a second bmd (StateLock). start() creates what is missing (keys, users,
/// certificates) and binds the listeners before it resumes the work of an earlier process. stop() ends
/// everything in order.
class App {
public:
    App(Config config, const model::Clock& clock);
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;
    void start();
    void stop();
    /// "http://127.0.0.1:6385"; valid after start().
    std::string endpoint() const;
    std::uint16_t provisioningPort() const;

private:
    struct State;
    std::unique_ptr<StateLock> lock_; ///< outlives the database
    std::unique_ptr<State> state_;
};

/// The configuration of --dev: loopback only, no authentication, database and store in @p folder, no DHCP, no
/// TFTP. Port 0 means any free port.
Config devConfig(const std::string& folder, std::uint16_t port);

} // namespace bm::bmd
