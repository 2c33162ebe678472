/* The simulated CUDA machine: NVRTC, libnvrtc.so.13. A program is compiled as C++ by g++ behind device.h, every memory access
 * checked; its "cubin" is the shared object behind its length. */
#include "machine.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fstream>
#include <iterator>
#include <string>

namespace {
struct Program {
    std::string source, name, log, image;
};

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

/* Names of the functions marked __global__. */
std::vector<std::string> kernels(const std::string& source) {
    std::vector<std::string> names;
    const std::string mark = "extern \"C\" __global__";
    for (size_t at = source.find(mark); at != std::string::npos; at = source.find(mark, at + 1)) {
        const size_t type = source.find("void ", at), end = source.find('(', type);
        names.push_back(source.substr(type + 5, end - type - 5));
    }
    return names;
}
}  // namespace

#define ENTER(name)                                     \
    do {                                                \
        const int status = machine::enter(name, false); \
        if (status != 0) return status;                 \
    } while (0)

API int nvrtcVersion(int* major, int* minor) { *major = 13; *minor = 0; return 0; }

API const char* nvrtcGetErrorString(int status) {
    return status == 0 ? "NVRTC_SUCCESS" : status == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR_SIMULATED";
}

API int nvrtcCreateProgram(Program** program, const char* source, const char* name, int, const char* const*, const char* const*) {
    ENTER("nvrtcCreateProgram");
    *program = new Program{source, name == nullptr ? "program" : name, "", ""};
    machine::live("program", 1);
    return 0;
}

API int nvrtcDestroyProgram(Program** program) {
    machine::enter("nvrtcDestroyProgram", false);
    delete *program;
    *program = nullptr;
    machine::live("program", -1);
    return 0;
}

API int nvrtcCompileProgram(Program* program, int count, const char* const* options) {
    ENTER("nvrtcCompileProgram");
    std::string place = machine::folder() + "/compile-XXXXXX";
    if (mkdtemp(&place[0]) == nullptr) return 7;
    const std::string source = place + "/source.cpp", compiled = place + "/kernel.o", object = place + "/kernel.so",
                      log = place + "/log";
    {
        std::ofstream out(source);
        out << "#include \"device.h\"\n#line 1 \"" << program->name << "\"\n" << program->source << "\nSIM_SHARED\n";
        for (auto& kernel : kernels(program->source)) out << "SIM_KERNEL(" << kernel << ")\n";
    }
    std::string command =
            "g++ -std=c++17 -O2 -w -c -fPIC -fvisibility=hidden -ffp-contract=off -fno-strict-aliasing -I'" + machine::folder() + "'";
    command += machine::detects_races()
            ? " -fsanitize=thread,alignment --param tsan-instrument-func-entry-exit=0"
            : " -fsanitize=kernel-address -fasan-shadow-offset=" + std::to_string(machine::SHADOW)
                    + " --param asan-instrumentation-with-call-threshold=1000000 --param asan-stack=0 --param asan-globals=0 -fno-tree-vectorize";
    for (int i = 0; i < count; i++) {
        if (strncmp(options[i], "-D", 2) == 0) command += " '" + std::string(options[i]) + "'";
    }
    command += " -o '" + compiled + "' '" + source + "' 2> '" + log + "'";
    /* The compiler's own libraries for what it was told to watch are left out: accesses.cpp is that. */
    command += " && g++ -shared -o '" + object + "' '" + compiled + "' '" + machine::folder() + "/libcuda.so.1' 2>> '" + log + "'";
    const int status = system(command.c_str());
    program->log = content(log);
    if (status == 0) {
        const std::string bytes = content(object);
        const size_t length = bytes.size();
        program->image = std::string((const char*) &length, sizeof length) + bytes;
    }
    unlink(source.c_str());
    unlink(compiled.c_str());
    unlink(object.c_str());
    unlink(log.c_str());
    rmdir(place.c_str());
    return status == 0 ? 0 : 6;
}

API int nvrtcGetCUBINSize(Program* program, size_t* size) { ENTER("nvrtcGetCUBINSize"); *size = program->image.size(); return 0; }
API int nvrtcGetCUBIN(Program* program, char* image) {
    ENTER("nvrtcGetCUBIN");
    memcpy(image, program->image.data(), program->image.size());
    return 0;
}
API int nvrtcGetPTXSize(Program* program, size_t* size) { ENTER("nvrtcGetPTXSize"); *size = program->image.size(); return 0; }
API int nvrtcGetPTX(Program* program, char* image) {
    ENTER("nvrtcGetPTX");
    memcpy(image, program->image.data(), program->image.size());
    return 0;
}
API int nvrtcGetProgramLogSize(Program* program, size_t* size) { *size = program->log.size() + 1; return 0; }
API int nvrtcGetProgramLog(Program* program, char* log) {
    memcpy(log, program->log.c_str(), program->log.size() + 1);
    return 0;
}
API int nvrtcGetNumSupportedArchs(int* count) { *count = 2; return 0; }
API int nvrtcGetSupportedArchs(int* archs) { archs[0] = 80; archs[1] = 90; return 0; }
