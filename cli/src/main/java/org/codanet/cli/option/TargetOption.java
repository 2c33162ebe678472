package org.codanet.cli.option;

import java.util.List;
import java.util.Optional;
import org.codanet.explain.ClassNames;
import org.codanet.explain.Target;
import org.codanet.model.NetworkConfig;
import picocli.CommandLine.Option;

/** The classes to explain. */
public final class TargetOption {
    @Option(
            names = "--target",
            paramLabel = "T",
            description = {
                "Classes to explain: top1, top3 and so on for the best classes of each image; all; or names or indices of classes"
                        + " such as cat,dog or 3,5. Default: top3 for pictures, top1 for arrays.",
                "If a name is also an index or contains a comma, write name:2, index:2 or 'name:cat\\, wild'."
            })
    String target;

    @Option(
            names = "--against",
            paramLabel = "CLASS",
            description =
                    "Explain why the class of --target is preferred to this one: the difference of their contributions.")
    String against;

    /**
     * The classes to explain.
     *
     * @param config the config of the network, which names its classes
     * @param defaultTarget the target to use if the command line names none
     * @throws IllegalArgumentException if the network has no such class, or a text matches several classes
     */
    public Target of(NetworkConfig config, Target defaultTarget) {
        ClassNames names = new ClassNames(config);
        if (against != null) {
            List<Integer> preferred =
                    Optional.ofNullable(target).map(names::list).orElse(List.of());
            if (preferred.size() != 1) {
                throw new IllegalArgumentException("--against requires exactly one class in --target");
            }
            return Target.against(preferred.getFirst(), names.index(against));
        }
        return target == null ? defaultTarget : names.target(target.strip());
    }
}
