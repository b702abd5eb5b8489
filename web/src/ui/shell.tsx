// What is around every page: skip link, sections by role, how live the figures are, the account.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Session } from "../api/types";
import { helpOpen } from "../lib/keys";
import { place } from "../lib/router";
import { home, sectionsFor } from "../pages/registry";
import { signOut } from "../state/session";
import { setTheme, theme } from "../state/theme";
import { KeysHelp } from "./help";
import { Icon } from "./icon";
import { Menu } from "./menu";
import { PasswordDialog } from "./password-dialog";
import { Toasts } from "./toast";

function Account({ session }: { session: Session }) {
  const [changing, setChanging] = useState(false);
  const { name, role } = session.user;
  const themes = [
    { label: "Colours of the system", value: "auto" as const },
    { label: "Light", value: "light" as const },
    { label: "Dark", value: "dark" as const },
  ];
  return (
    <>
      <Menu
        buttonClass="button bare"
        buttonLabel={`Account of ${name}`}
        label={
          <>
            <Icon name="person" /> <span class="account-name">{name}</span>
          </>
        }
        heading={
          <>
            <strong>{name}</strong>
            <span class="quiet small">{role}</span>
          </>
        }
        items={[
          ...themes.map(({ label, value }, at) => ({
            label,
            checked: theme.value === value,
            separated: at === 0,
            act: () => setTheme(value),
          })),
          { label: "Keys", separated: true, act: () => (helpOpen.value = true) },
          { label: "Change password", act: () => setChanging(true) },
          { label: "Sign out", separated: true, act: () => void signOut() },
        ]}
      />
      {changing && <PasswordDialog onClose={() => setChanging(false)} />}
    </>
  );
}

function Sections({ session }: { session: Session }) {
  const all = sectionsFor(session);
  if (all.length < 2) return null;
  return (
    <nav class="sections" aria-label="Sections">
      {all.map((section) => (
        <a
          key={section.key}
          href={section.href(session)}
          aria-current={place.value.path.startsWith(section.prefix) ? "page" : undefined}
        >
          {section.label}
        </a>
      ))}
    </nav>
  );
}

export function Shell({ session, children }: { session: Session; children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={home(session)}>
          <img src="/assets/icon.svg" alt="" width="24" height="24" /> {session.server.shop || "millrace"}
        </a>
        <Sections session={session} />
        <div class="top-end">
          <Account session={session} />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <KeysHelp />
      <Toasts />
    </>
  );
}
