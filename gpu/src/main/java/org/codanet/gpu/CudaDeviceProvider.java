package org.codanet.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.codanet.bindings.CudaLibraries;
import org.codanet.bindings.LibrarySearch;
import org.codanet.bindings.NativeLibraryException;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceException;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.DeviceProvider;

/** Opens NVIDIA GPUs, if the driver and CUDA's libraries are installed. */
public final class CudaDeviceProvider implements DeviceProvider {
    /** For {@link java.util.ServiceLoader}. */
    public CudaDeviceProvider() {}

    @Override
    public String kind() {
        return "cuda";
    }

    /** The reason: the first library that is missing, with every path that was searched for it, or the absence of a GPU. */
    @Override
    public Optional<String> unavailable() {
        try {
            CudaLibraries.driver();
            CudaLibraries.nvrtc();
            CudaLibraries.cublas();
            CudaLibraries.cudnn();
            new CudaContext(0).close();
            return Optional.empty();
        } catch (NativeLibraryException | DeviceException reason) {
            return Optional.of(reason.getMessage());
        }
    }

    @Override
    public List<String> report() {
        List<String> lines = new ArrayList<>();
        boolean complete = true;
        for (LibrarySearch each : CudaLibraries.search()) {
            complete &= each.loaded().isPresent();
            lines.add(each.loaded().map(Object::toString).orElse(each.name() + ": not found"));
            each.rejected().forEach(rejection -> lines.add("  not " + rejection));
        }
        if (complete) {
            try (CudaContext gpu = new CudaContext(0)) {
                lines.add(gpu.name() + ": " + describe(gpu));
            } catch (DeviceException reason) {
                lines.add(reason.getMessage());
            }
        } else {
            lines.add("to install what is missing, except the driver: " + CudaLibraries.installCommand());
        }
        return List.copyOf(lines);
    }

    static String describe(CudaContext gpu) {
        return gpu.model() + ", compute capability " + gpu.capability() / 10 + "." + gpu.capability() % 10 + ", "
                + gpu.multiprocessors() + " multiprocessors, " + gpu.totalBytes() / (1 << 20) + " MiB";
    }

    @Override
    public int preference() {
        return 20;
    }

    @Override
    public Device open(int index, DeviceOptions options) {
        try {
            return CudaDevice.open(index, options, CudaDevice.CHUNK_BYTES);
        } catch (NativeLibraryException reason) {
            throw new DeviceException("device cuda:" + index + ": " + reason.getMessage(), reason);
        }
    }
}
