#include "agent/capture/generaliser.h"
#include "agent/files/selinux.h"
#include "agent/tree/system_files.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace bm;
using namespace bm::agent;
namespace fs = std::filesystem;

TEST_CASE("a system's SELinux configuration", "[agent][selinux]")
{
    for (const char* config :
         {"SELINUX=enforcing\nSELINUXTYPE=targeted\n", "# SELINUX=disabled\n  SELINUX=permissive",
          "SELINUX=enforcing\r\n", "SELINUX=Enforcing "})
        CHECK(usesSelinux(config));
    for (const char* config : {"", "SELINUX=disabled\n", "SELINUXTYPE=targeted\n", "#SELINUX=enforcing\n",
                               "SELINUX=enforcing\nSELINUX=disabled\n"})
        CHECK_FALSE(usesSelinux(config));
}

TEST_CASE("a system with SELinux labels the files that bm wrote", "[agent][selinux]")
{
    const platform::TemporaryFolder folder("bm-selinux-test");
    AgentLog log;
    const auto make = [&](const char* name, const std::string& config) {
        const fs::path root = folder.path() / name;
        for (const char* inside : {"etc/selinux", "etc/systemd/system", "usr/bin", "etc/ssh"})
            fs::create_directories(root / inside);
        std::ofstream(root / "usr/bin/ssh-keygen") << "x";
        std::ofstream(root / "etc/selinux/config") << config;
        return root;
    };
    for (const auto& [mode, marked] :
         {std::pair("enforcing", true), std::pair("permissive", true), std::pair("disabled", false)}) {
        INFO(mode);
        const std::string config = std::string("SELINUX=") + mode + "\n";
        const fs::path deployed = make((std::string("deployed-") + mode).c_str(), config);
        writeSystemFiles(deployed.string(), {}, {}, log);
        CHECK(fs::exists(deployed / kRelabelMark) == marked);
        std::ofstream(deployed / "usr/bin/cloud-init") << "x";
        fs::remove(deployed / kRelabelMark);
        writeSystemFiles(deployed.string(), {}, {}, log);
        CHECK(fs::exists(deployed / kRelabelMark) == marked);
        const fs::path captured = make((std::string("captured-") + mode).c_str(), config);
        generaliseTree(captured);
        CHECK(fs::exists(captured / kRelabelMark) == marked);
    }
}
