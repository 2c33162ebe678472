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

/** Opens NVIDIA GPUs, where the driver and CUDA's libraries are. */
public final class CudaDeviceProvider implements DeviceProvider {
    /** For {@link java.util.ServiceLoader}. */
    public CudaDeviceProvider() {}

    @Override
    public String kind() {
        return "cuda";
    }

    /** The first library that is missing, with every place it was looked for, or that there is no card. */
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
            try (CudaContext card = new CudaContext(0)) {
                lines.add(card.name() + ": " + describe(card));
            } catch (DeviceException reason) {
                lines.add(reason.getMessage());
            }
        } else {
            lines.add("what is missing beside the driver comes by: " + CudaLibraries.installCommand());
        }
        return List.copyOf(lines);
    }

    static String describe(CudaContext card) {
        return card.model() + ", compute capability " + card.capability() / 10 + "." + card.capability() % 10 + ", "
                + card.multiprocessors() + " multiprocessors, " + card.totalBytes() / (1 << 20) + " MiB";
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
