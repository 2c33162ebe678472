package org.codanet.nn.device;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Opens devices by name: {@code auto}, {@code cpu}, {@code reference}, {@code cuda}, {@code cuda:1}. */
public final class Devices {
    private Devices() {}

    /** An open device, and why it was selected, for the log. */
    public record Choice(Device device, String reason) {}

    /**
     * The providers of all kinds in this program, the most preferred first. They are looked up in the class loader of this library and
     * in the one of the calling thread. In an application server either of them may be the one that has the providers.
     */
    public static List<DeviceProvider> providers() {
        ServiceLoader<DeviceProvider> ofLibrary =
                ServiceLoader.load(DeviceProvider.class, Devices.class.getClassLoader());
        ServiceLoader<DeviceProvider> ofThread = ServiceLoader.load(DeviceProvider.class);
        Set<Class<?>> seen = new HashSet<>();
        return Stream.concat(ofLibrary.stream(), ofThread.stream())
                .filter(provider -> seen.add(provider.type()))
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparingInt(DeviceProvider::preference).reversed())
                .toList();
    }

    /** {@link #choose} without the reason. */
    public static Device open(String name, DeviceOptions options) {
        return choose(name, options).device();
    }

    /**
     * Opens the device of that name; {@code auto} selects the most preferred kind that is available. A device that is named but not
     * available is an error; no other device takes its place.
     *
     * @throws IllegalArgumentException if no such kind exists or the index is not a number
     * @throws DeviceException if the device cannot be opened, with the reason
     */
    public static Choice choose(String name, DeviceOptions options) {
        List<DeviceProvider> providers = providers();
        if (name.equals("auto")) {
            return automatic(providers, options);
        }
        int colon = name.indexOf(':');
        String kind = colon < 0 ? name : name.substring(0, colon);
        int index = colon < 0 ? 0 : index(name, colon);
        for (DeviceProvider provider : providers) {
            if (provider.kind().equals(kind)) {
                provider.unavailable().ifPresent(reason -> {
                    throw new DeviceException("device " + name + " is not available: " + reason);
                });
                return new Choice(provider.open(index, options), "asked for by name");
            }
        }
        String known = providers.stream().map(DeviceProvider::kind).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("device: no kind named '" + kind + "'; there are auto, " + known);
    }

    private static Choice automatic(List<DeviceProvider> providers, DeviceOptions options) {
        List<String> rejected = new ArrayList<>();
        for (DeviceProvider provider : providers) {
            if (provider.preference() < 0) {
                continue;
            }
            Optional<String> reason = provider.unavailable();
            if (reason.isEmpty()) {
                String why = rejected.isEmpty()
                        ? "the most preferred kind present"
                        : "not " + String.join("; not ", rejected);
                return new Choice(provider.open(0, options), why);
            }
            rejected.add(provider.kind() + " (" + reason.get() + ")");
        }
        throw new DeviceException("device: none is available: " + String.join("; ", rejected));
    }

    private static int index(String name, int colon) {
        try {
            return Integer.parseUnsignedInt(name.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "device: '" + name + "' has no number after the colon, as cuda:0 has", e);
        }
    }
}
