import { useState } from "preact/hooks";
import { changePassword, session } from "../state/session";
import { Dialog } from "./dialog";
import { PasswordForm } from "./password-form";
import { toast } from "./toast";

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState("");
  const has = session.value?.user.has_password ?? true;
  return (
    <Dialog title="Change password" onClose={onClose}>
      <PasswordForm
        submit="Change password"
        {...(has ? { current: { value: current, set: setCurrent } } : {})}
        save={async (next) => {
          await changePassword(has ? current : null, next);
          toast("Password changed. Your other sessions have ended.");
          onClose();
        }}
      />
    </Dialog>
  );
}
